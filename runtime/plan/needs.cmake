target_link_libraries(${target} PUBLIC date::date-tz)
